/* Interrupts of the STM32F746: RM0385 table 46. The board has a handler for its own. */
#define INTERRUPTS(_, own) \
    _(0, WWDG) _(1, PVD) _(2, TAMP_STAMP) _(3, RTC_WKUP) _(4, FLASH) _(5, RCC) _(6, EXTI0) _(7, EXTI1) _(8, EXTI2) \
    _(9, EXTI3) _(10, EXTI4) _(11, DMA1_Stream0) _(12, DMA1_Stream1) _(13, DMA1_Stream2) _(14, DMA1_Stream3) \
    _(15, DMA1_Stream4) _(16, DMA1_Stream5) _(17, DMA1_Stream6) _(18, ADC) _(19, CAN1_TX) _(20, CAN1_RX0) \
    _(21, CAN1_RX1) _(22, CAN1_SCE) _(23, EXTI9_5) _(24, TIM1_BRK_TIM9) _(25, TIM1_UP_TIM10) _(26, TIM1_TRG_COM_TIM11) \
    _(27, TIM1_CC) _(28, TIM2) _(29, TIM3) _(30, TIM4) _(31, I2C1_EV) _(32, I2C1_ER) _(33, I2C2_EV) _(34, I2C2_ER) \
    _(35, SPI1) _(36, SPI2) own(37, USART1) _(38, USART2) _(39, USART3) _(40, EXTI15_10) _(41, RTC_Alarm) \
    _(42, OTG_FS_WKUP) _(43, TIM8_BRK_TIM12) _(44, TIM8_UP_TIM13) _(45, TIM8_TRG_COM_TIM14) _(46, TIM8_CC) \
    _(47, DMA1_Stream7) _(48, FMC) _(49, SDMMC1) _(50, TIM5) _(51, SPI3) _(52, UART4) _(53, UART5) _(54, TIM6_DAC) \
    _(55, TIM7) _(56, DMA2_Stream0) _(57, DMA2_Stream1) _(58, DMA2_Stream2) _(59, DMA2_Stream3) _(60, DMA2_Stream4) \
    _(61, ETH) _(62, ETH_WKUP) _(63, CAN2_TX) _(64, CAN2_RX0) _(65, CAN2_RX1) _(66, CAN2_SCE) _(67, OTG_FS) \
    _(68, DMA2_Stream5) _(69, DMA2_Stream6) _(70, DMA2_Stream7) _(71, USART6) _(72, I2C3_EV) _(73, I2C3_ER) \
    _(74, OTG_HS_EP1_OUT) _(75, OTG_HS_EP1_IN) _(76, OTG_HS_WKUP) _(77, OTG_HS) _(78, DCMI) _(80, RNG) _(81, FPU) \
    _(82, UART7) _(83, UART8) _(84, SPI4) _(85, SPI5) _(86, SPI6) _(87, SAI1) _(88, LTDC) _(89, LTDC_ER) _(90, DMA2D) \
    _(91, SAI2) _(92, QUADSPI) _(93, LPTIM1) _(94, CEC) _(95, I2C4_EV) _(96, I2C4_ER) _(97, SPDIF_RX)
